/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of process_replay.c: drivers, whose hooks are told. The bits of a driver's number are in docs/traces.md.
 */

#define DRIVER_OPEN 1
#define DRIVER_MAPPED 2
#define DRIVER_PICKY 4
#define DRIVER_STAYS 8
#define DRIVER_FAULTS 0x10
#define DRIVER_OLD 0x20
#define DRIVER_DEVICE 0x40
#define DRIVER_FIXED 0x80
#define DRIVER_REFUSES 0x100
#define DRIVER_HUGE 0x200
#define DRIVER_PLACES 0x400
#define DRIVER_GUARDS 0x800
#define DRIVER_STACKED 0x1000
#define DRIVER_PAGES 0x40

struct driver {
	struct file_operations fops;
	struct vm_operations_struct ops;
	struct file *below;
	struct page *pages[DRIVER_PAGES];
};

static void driver_open(struct vm_area_struct *vma)
{
	tell("open(%lx-%lx)", vma->vm_start, vma->vm_end);
}

static void driver_close(struct vm_area_struct *vma)
{
	tell("close(%lx-%lx)", vma->vm_start, vma->vm_end);
}

static int driver_mapped(ulong start, ulong end, pgoff_t pgoff, const struct file *file, void **private_data)
{
	tell("mapped(%lx-%lx %lx)", start, end, pgoff);
	return 0;
}

static int driver_may_split(struct vm_area_struct *vma, ulong addr)
{
	tell("may_split(%lx-%lx %lx)", vma->vm_start, vma->vm_end, addr);
	return (addr >> PAGE_SHIFT) & 1 ? -EINVAL : 0;
}

static int driver_mremap(struct vm_area_struct *vma)
{
	tell("mremap(%lx-%lx)", vma->vm_start, vma->vm_end);
	return -EINVAL;
}

static vm_fault_t driver_fault(struct vm_fault *vmf)
{
	struct driver *driver = container_of(vmf->vma->vm_ops, struct driver, ops);

	if (vmf->pgoff >= DRIVER_PAGES)
		return VM_FAULT_SIGBUS;
	if (!driver->pages[vmf->pgoff]) {
		driver->pages[vmf->pgoff] = calloc(1, sizeof(struct page));
		driver->pages[vmf->pgoff]->data = vmf->pgoff;
	}
	vmf->page = driver->pages[vmf->pgoff];
	return 0;
}

static int driver_mmap_prepare(struct vm_area_desc *desc)
{
	struct driver *driver = (struct driver *)desc->file->f_path.mnt;

	tell("mmap_prepare(%lx-%lx %lx)", desc->start, desc->end, desc->pgoff);
	if (desc->file->driver & DRIVER_FIXED)
		vma_desc_set_flags(desc, VMA_DONTEXPAND_BIT);
	desc->vm_ops = &driver->ops;
	return desc->file->driver & DRIVER_REFUSES ? -ENODEV : 0;
}

static int driver_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct driver *driver = (struct driver *)file->f_path.mnt;

	tell("mmap(%lx-%lx %lx)", vma->vm_start, vma->vm_end, vma->vm_pgoff);
	if (driver->below)
		return vfs_mmap(driver->below, vma);
	if (file->driver & DRIVER_FIXED)
		vm_flags_set(vma, VM_DONTEXPAND);
	if (file->driver & DRIVER_DEVICE)
		vm_flags_set(vma, VM_IO | VM_PFNMAP);
	vma->vm_ops = &driver->ops;
	return file->driver & DRIVER_REFUSES ? -ENODEV : 0;
}

static int driver_mprotect(struct vm_area_struct *vma, ulong start, ulong end, ulong newflags)
{
	tell("mprotect(%lx-%lx %lx-%lx)", vma->vm_start, vma->vm_end, start, end);
	return newflags & VM_WRITE ? -EACCES : 0;
}

static struct file *open_driver(int kind)
{
	struct driver *driver = calloc(1, sizeof(*driver));
	struct inode *inode = calloc(1, sizeof(*inode));
	struct file *file;

	inode->i_mode = S_IFCHR | 0666;
	inode->i_nlink = 1;
	if (kind & DRIVER_OPEN) {
		driver->ops.open = driver_open;
		driver->ops.close = driver_close;
	}
	if (kind & DRIVER_MAPPED)
		driver->ops.mapped = driver_mapped;
	if (kind & DRIVER_PICKY)
		driver->ops.may_split = driver_may_split;
	if (kind & DRIVER_STAYS)
		driver->ops.mremap = driver_mremap;
	if (kind & DRIVER_FAULTS)
		driver->ops.fault = driver_fault;
	if (kind & DRIVER_GUARDS)
		driver->ops.mprotect = driver_mprotect;
	if ((kind & DRIVER_OLD) && (kind & DRIVER_STACKED))
		driver->below = open_driver(kind & ~(DRIVER_OLD | DRIVER_STACKED));
	if (kind & DRIVER_OLD)
		driver->fops.mmap = driver_mmap;
	else
		driver->fops.mmap_prepare = driver_mmap_prepare;
	if (kind & DRIVER_HUGE)
		driver->fops.get_unmapped_area = thp_get_unmapped_area;
	else if (kind & DRIVER_PLACES)
		driver->fops.get_unmapped_area = mm_get_unmapped_area;
	file = new_file(inode, new_mapping(inode), &driver->fops);
	/* Its mount is nobody's, and so the place of its driver. */
	file->f_path.mnt = (struct vfsmount *)driver;
	file->driver = kind;
	file->refs = 1;
	return file;
}
